/// Where botocore 1.43 finds things and how it signs for them, as its own rules answered.
enum EndpointVectors {
    /// Bucket, region, variant, endpoint, style, and the URL of the bucket.
    static let buckets = """
        bucket us-east-1 - - - https://bucket.s3.us-east-1.amazonaws.com
        bucket us-east-1 fips - - https://bucket.s3-fips.us-east-1.amazonaws.com
        bucket us-east-1 dual - - https://bucket.s3.dualstack.us-east-1.amazonaws.com
        bucket us-east-1 fipsdual - - https://bucket.s3-fips.dualstack.us-east-1.amazonaws.com
        bucket eu-west-1 - - - https://bucket.s3.eu-west-1.amazonaws.com
        bucket eu-west-1 fips - - https://bucket.s3-fips.eu-west-1.amazonaws.com
        bucket eu-west-1 dual - - https://bucket.s3.dualstack.eu-west-1.amazonaws.com
        bucket eu-west-1 fipsdual - - https://bucket.s3-fips.dualstack.eu-west-1.amazonaws.com
        bucket cn-north-1 - - - https://bucket.s3.cn-north-1.amazonaws.com.cn
        bucket cn-north-1 fips - - refused
        bucket cn-north-1 dual - - https://bucket.s3.dualstack.cn-north-1.amazonaws.com.cn
        bucket cn-north-1 fipsdual - - refused
        bucket cn-northwest-1 - - - https://bucket.s3.cn-northwest-1.amazonaws.com.cn
        bucket cn-northwest-1 fips - - refused
        bucket cn-northwest-1 dual - - https://bucket.s3.dualstack.cn-northwest-1.amazonaws.com.cn
        bucket cn-northwest-1 fipsdual - - refused
        bucket us-gov-west-1 - - - https://bucket.s3.us-gov-west-1.amazonaws.com
        bucket us-gov-west-1 fips - - https://bucket.s3-fips.us-gov-west-1.amazonaws.com
        bucket us-gov-west-1 dual - - https://bucket.s3.dualstack.us-gov-west-1.amazonaws.com
        bucket us-gov-west-1 fipsdual - - https://bucket.s3-fips.dualstack.us-gov-west-1.amazonaws.com
        bucket us-iso-east-1 - - - https://bucket.s3.us-iso-east-1.c2s.ic.gov
        bucket us-iso-east-1 fips - - https://bucket.s3-fips.us-iso-east-1.c2s.ic.gov
        bucket us-iso-east-1 dual - - https://bucket.s3.dualstack.us-iso-east-1.c2s.ic.gov
        bucket us-iso-east-1 fipsdual - - https://bucket.s3-fips.dualstack.us-iso-east-1.c2s.ic.gov
        bucket us-isob-east-1 - - - https://bucket.s3.us-isob-east-1.sc2s.sgov.gov
        bucket us-isob-east-1 fips - - https://bucket.s3-fips.us-isob-east-1.sc2s.sgov.gov
        bucket us-isob-east-1 dual - - https://bucket.s3.dualstack.us-isob-east-1.sc2s.sgov.gov
        bucket us-isob-east-1 fipsdual - - https://bucket.s3-fips.dualstack.us-isob-east-1.sc2s.sgov.gov
        bucket eusc-de-east-1 - - - https://bucket.s3.eusc-de-east-1.amazonaws.eu
        bucket eusc-de-east-1 fips - - https://bucket.s3-fips.eusc-de-east-1.amazonaws.eu
        bucket eusc-de-east-1 dual - - https://bucket.s3.dualstack.eusc-de-east-1.amazonaws.eu
        bucket eusc-de-east-1 fipsdual - - https://bucket.s3-fips.dualstack.eusc-de-east-1.amazonaws.eu
        bucket mx-central-1 - - - https://bucket.s3.mx-central-1.amazonaws.com
        bucket mx-central-1 fips - - https://bucket.s3-fips.mx-central-1.amazonaws.com
        bucket mx-central-1 dual - - https://bucket.s3.dualstack.mx-central-1.amazonaws.com
        bucket mx-central-1 fipsdual - - https://bucket.s3-fips.dualstack.mx-central-1.amazonaws.com
        bucket xx-new-1 - - - https://bucket.s3.xx-new-1.amazonaws.com
        bucket xx-new-1 fips - - https://bucket.s3-fips.xx-new-1.amazonaws.com
        bucket xx-new-1 dual - - https://bucket.s3.dualstack.xx-new-1.amazonaws.com
        bucket xx-new-1 fipsdual - - https://bucket.s3-fips.dualstack.xx-new-1.amazonaws.com
        bucket eu-isoe-west-1 - - - https://bucket.s3.eu-isoe-west-1.cloud.adc-e.uk
        bucket eu-isoe-west-1 fips - - https://bucket.s3-fips.eu-isoe-west-1.cloud.adc-e.uk
        bucket us-isof-south-1 - - - https://bucket.s3.us-isof-south-1.csp.hci.ic.gov
        bucket us-isof-south-1 fips - - https://bucket.s3-fips.us-isof-south-1.csp.hci.ic.gov
        a.b us-east-1 - - - https://s3.us-east-1.amazonaws.com/a.b
        UPPER us-east-1 - - - https://s3.us-east-1.amazonaws.com/UPPER
        a_b us-east-1 - - - https://s3.us-east-1.amazonaws.com/a_b
        ab us-east-1 - - - https://s3.us-east-1.amazonaws.com/ab
        192.168.0.1 us-east-1 - - - https://s3.us-east-1.amazonaws.com/192.168.0.1
        a- us-east-1 - - - https://s3.us-east-1.amazonaws.com/a-
        -ab us-east-1 - - - https://s3.us-east-1.amazonaws.com/-ab
        a..b us-east-1 - - - https://s3.us-east-1.amazonaws.com/a..b
        packages-2 us-east-1 - - - https://packages-2.s3.us-east-1.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:accesspoint:myap us-east-1 - - - https://myap-123456789012.s3-accesspoint.us-west-2.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:accesspoint:myap us-east-1 fips - - https://myap-123456789012.s3-accesspoint-fips.us-west-2.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:accesspoint:myap us-east-1 dual - - https://myap-123456789012.s3-accesspoint.dualstack.us-west-2.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:accesspoint:myap us-east-1 fipsdual - - https://myap-123456789012.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:accesspoint/myap us-east-1 - - - https://myap-123456789012.s3-accesspoint.us-west-2.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:accesspoint/myap us-east-1 fips - - https://myap-123456789012.s3-accesspoint-fips.us-west-2.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:accesspoint/myap us-east-1 dual - - https://myap-123456789012.s3-accesspoint.dualstack.us-west-2.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:accesspoint/myap us-east-1 fipsdual - - https://myap-123456789012.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com
        arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/myap cn-north-1 - - - https://myap-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn
        arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/myap cn-north-1 fips - - refused
        arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/myap cn-north-1 dual - - https://myap-123456789012.s3-accesspoint.dualstack.cn-north-1.amazonaws.com.cn
        arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/myap cn-north-1 fipsdual - - refused
        arn:aws-us-gov:s3:us-gov-west-1:123456789012:accesspoint/myap us-gov-west-1 - - - https://myap-123456789012.s3-accesspoint.us-gov-west-1.amazonaws.com
        arn:aws-us-gov:s3:us-gov-west-1:123456789012:accesspoint/myap us-gov-west-1 fips - - https://myap-123456789012.s3-accesspoint-fips.us-gov-west-1.amazonaws.com
        arn:aws-us-gov:s3:us-gov-west-1:123456789012:accesspoint/myap us-gov-west-1 dual - - https://myap-123456789012.s3-accesspoint.dualstack.us-gov-west-1.amazonaws.com
        arn:aws-us-gov:s3:us-gov-west-1:123456789012:accesspoint/myap us-gov-west-1 fipsdual - - https://myap-123456789012.s3-accesspoint-fips.dualstack.us-gov-west-1.amazonaws.com
        arn:aws:s3:us-west-2:123456789012:bucket/b us-east-1 - - - refused
        arn:aws:s3:us-west-2:123456789012:accesspoint us-east-1 - - - refused
        arn:aws:s3:us-west-2:12345_789012:accesspoint/myap us-east-1 - - - refused
        arn:aws:s3:us-west-2:123456789012:accesspoint/my/ap us-east-1 - - - refused
        arn:aws:s3:us-west-2:123456789012:accesspoint/my_ap us-east-1 - - - refused
        bucket us-east-1 - http://127.0.0.1:9000 path http://127.0.0.1:9000/bucket
        bucket us-east-1 - http://127.0.0.1:9000 virtual http://127.0.0.1:9000/bucket
        a.b us-east-1 - http://127.0.0.1:9000 path http://127.0.0.1:9000/a.b
        UPPER us-east-1 - http://127.0.0.1:9000 path http://127.0.0.1:9000/UPPER
        UPPER us-east-1 - http://127.0.0.1:9000 virtual http://127.0.0.1:9000/UPPER
        bucket us-east-1 - https://s3.example.net path https://s3.example.net/bucket
        bucket us-east-1 - https://s3.example.net virtual https://bucket.s3.example.net
        UPPER us-east-1 - https://s3.example.net path https://s3.example.net/UPPER
        UPPER us-east-1 - https://s3.example.net virtual https://s3.example.net/UPPER
        bucket us-east-1 - http://[::1]:9000 path http://[::1]:9000/bucket
        a.b us-east-1 - http://[::1]:9000 path http://[::1]:9000/a.b
        UPPER us-east-1 - http://[::1]:9000 path http://[::1]:9000/UPPER
        bucket us-east-1 - http://host:9000 path http://host:9000/bucket
        bucket us-east-1 - http://host:9000 virtual http://bucket.host:9000
        a.b us-east-1 - http://host:9000 path http://host:9000/a.b
        a.b us-east-1 - http://host:9000 virtual http://a.b.host:9000
        UPPER us-east-1 - http://host:9000 path http://host:9000/UPPER
        UPPER us-east-1 - http://host:9000 virtual http://host:9000/UPPER
        arn:aws:s3:us-west-2:123456789012:accesspoint/myap us-east-1 - https://s3.example.net - https://myap-123456789012.s3.example.net
        bucket us-east-1 fips https://s3.example.net - refused

        """.split(separator: "\n")

    /// Service, region, variant, and the endpoint.
    static let issuers = """
        sts us-east-1 - https://sts.us-east-1.amazonaws.com
        sts us-east-1 fips https://sts-fips.us-east-1.amazonaws.com
        sts us-east-1 dual https://sts.us-east-1.api.aws
        sts us-east-1 fipsdual https://sts-fips.us-east-1.api.aws
        sts cn-north-1 - https://sts.cn-north-1.amazonaws.com.cn
        sts cn-north-1 fips https://sts-fips.cn-north-1.amazonaws.com.cn
        sts cn-north-1 dual https://sts.cn-north-1.api.amazonwebservices.com.cn
        sts cn-north-1 fipsdual https://sts-fips.cn-north-1.api.amazonwebservices.com.cn
        sts us-gov-west-1 - https://sts.us-gov-west-1.amazonaws.com
        sts us-gov-west-1 fips https://sts.us-gov-west-1.amazonaws.com
        sts us-gov-west-1 dual https://sts.us-gov-west-1.api.aws
        sts us-gov-west-1 fipsdual https://sts-fips.us-gov-west-1.api.aws
        sts us-gov-east-1 - https://sts.us-gov-east-1.amazonaws.com
        sts us-gov-east-1 fips https://sts.us-gov-east-1.amazonaws.com
        sts us-gov-east-1 dual https://sts.us-gov-east-1.api.aws
        sts us-gov-east-1 fipsdual https://sts-fips.us-gov-east-1.api.aws
        sts us-iso-east-1 - https://sts.us-iso-east-1.c2s.ic.gov
        sts us-iso-east-1 fips https://sts-fips.us-iso-east-1.c2s.ic.gov
        sts us-iso-east-1 dual https://sts.us-iso-east-1.api.aws.ic.gov
        sts us-iso-east-1 fipsdual https://sts-fips.us-iso-east-1.api.aws.ic.gov
        sts us-isob-east-1 - https://sts.us-isob-east-1.sc2s.sgov.gov
        sts us-isob-east-1 fips https://sts-fips.us-isob-east-1.sc2s.sgov.gov
        sts us-isob-east-1 dual https://sts.us-isob-east-1.api.aws.scloud
        sts us-isob-east-1 fipsdual https://sts-fips.us-isob-east-1.api.aws.scloud
        sts eusc-de-east-1 - https://sts.eusc-de-east-1.amazonaws.eu
        sts eusc-de-east-1 fips https://sts-fips.eusc-de-east-1.amazonaws.eu
        sts eusc-de-east-1 dual https://sts.eusc-de-east-1.api.amazonwebservices.eu
        sts eusc-de-east-1 fipsdual https://sts-fips.eusc-de-east-1.api.amazonwebservices.eu
        sts eu-isoe-west-1 - https://sts.eu-isoe-west-1.cloud.adc-e.uk
        sts eu-isoe-west-1 fips https://sts-fips.eu-isoe-west-1.cloud.adc-e.uk
        sts eu-isoe-west-1 dual https://sts.eu-isoe-west-1.api.cloud-aws.adc-e.uk
        sts eu-isoe-west-1 fipsdual https://sts-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk
        sts us-isof-south-1 - https://sts.us-isof-south-1.csp.hci.ic.gov
        sts us-isof-south-1 fips https://sts-fips.us-isof-south-1.csp.hci.ic.gov
        sts us-isof-south-1 dual https://sts.us-isof-south-1.api.aws.hci.ic.gov
        sts us-isof-south-1 fipsdual https://sts-fips.us-isof-south-1.api.aws.hci.ic.gov
        sts xx-new-1 - https://sts.xx-new-1.amazonaws.com
        sts xx-new-1 fips https://sts-fips.xx-new-1.amazonaws.com
        sts xx-new-1 dual https://sts.xx-new-1.api.aws
        sts xx-new-1 fipsdual https://sts-fips.xx-new-1.api.aws
        portal.sso us-east-1 - https://portal.sso.us-east-1.amazonaws.com
        portal.sso us-east-1 fips https://portal.sso-fips.us-east-1.amazonaws.com
        portal.sso us-east-1 dual https://portal.sso.us-east-1.api.aws
        portal.sso us-east-1 fipsdual https://portal.sso-fips.us-east-1.api.aws
        portal.sso cn-north-1 - https://portal.sso.cn-north-1.amazonaws.com.cn
        portal.sso cn-north-1 fips https://portal.sso-fips.cn-north-1.amazonaws.com.cn
        portal.sso cn-north-1 dual https://portal.sso.cn-north-1.api.amazonwebservices.com.cn
        portal.sso cn-north-1 fipsdual https://portal.sso-fips.cn-north-1.api.amazonwebservices.com.cn
        portal.sso us-gov-west-1 - https://portal.sso.us-gov-west-1.amazonaws.com
        portal.sso us-gov-west-1 fips https://portal.sso.us-gov-west-1.amazonaws.com
        portal.sso us-gov-west-1 dual https://portal.sso.us-gov-west-1.api.aws
        portal.sso us-gov-west-1 fipsdual https://portal.sso-fips.us-gov-west-1.api.aws
        portal.sso us-gov-east-1 - https://portal.sso.us-gov-east-1.amazonaws.com
        portal.sso us-gov-east-1 fips https://portal.sso.us-gov-east-1.amazonaws.com
        portal.sso us-gov-east-1 dual https://portal.sso.us-gov-east-1.api.aws
        portal.sso us-gov-east-1 fipsdual https://portal.sso-fips.us-gov-east-1.api.aws
        portal.sso us-iso-east-1 - https://portal.sso.us-iso-east-1.c2s.ic.gov
        portal.sso us-iso-east-1 fips https://portal.sso-fips.us-iso-east-1.c2s.ic.gov
        portal.sso us-iso-east-1 dual https://portal.sso.us-iso-east-1.api.aws.ic.gov
        portal.sso us-iso-east-1 fipsdual https://portal.sso-fips.us-iso-east-1.api.aws.ic.gov
        portal.sso us-isob-east-1 - https://portal.sso.us-isob-east-1.sc2s.sgov.gov
        portal.sso us-isob-east-1 fips https://portal.sso-fips.us-isob-east-1.sc2s.sgov.gov
        portal.sso us-isob-east-1 dual https://portal.sso.us-isob-east-1.api.aws.scloud
        portal.sso us-isob-east-1 fipsdual https://portal.sso-fips.us-isob-east-1.api.aws.scloud
        portal.sso eusc-de-east-1 - https://portal.sso.eusc-de-east-1.amazonaws.eu
        portal.sso eusc-de-east-1 fips https://portal.sso-fips.eusc-de-east-1.amazonaws.eu
        portal.sso eusc-de-east-1 dual https://portal.sso.eusc-de-east-1.api.amazonwebservices.eu
        portal.sso eusc-de-east-1 fipsdual https://portal.sso-fips.eusc-de-east-1.api.amazonwebservices.eu
        portal.sso eu-isoe-west-1 - https://portal.sso.eu-isoe-west-1.cloud.adc-e.uk
        portal.sso eu-isoe-west-1 fips https://portal.sso-fips.eu-isoe-west-1.cloud.adc-e.uk
        portal.sso eu-isoe-west-1 dual https://portal.sso.eu-isoe-west-1.api.cloud-aws.adc-e.uk
        portal.sso eu-isoe-west-1 fipsdual https://portal.sso-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk
        portal.sso us-isof-south-1 - https://portal.sso.us-isof-south-1.csp.hci.ic.gov
        portal.sso us-isof-south-1 fips https://portal.sso-fips.us-isof-south-1.csp.hci.ic.gov
        portal.sso us-isof-south-1 dual https://portal.sso.us-isof-south-1.api.aws.hci.ic.gov
        portal.sso us-isof-south-1 fipsdual https://portal.sso-fips.us-isof-south-1.api.aws.hci.ic.gov
        portal.sso xx-new-1 - https://portal.sso.xx-new-1.amazonaws.com
        portal.sso xx-new-1 fips https://portal.sso-fips.xx-new-1.amazonaws.com
        portal.sso xx-new-1 dual https://portal.sso.xx-new-1.api.aws
        portal.sso xx-new-1 fipsdual https://portal.sso-fips.xx-new-1.api.aws
        """.split(separator: "\n")

    /// An endpoint as it may be written, and the signature of `GET /bucket/a%20b` there.
    static let signatures = """
        http://127.0.0.1:9000 3ea299cdc8962bc8cf232ca90801b73ad5936b45aa154448da58a28146e7a431
        http://[::1]:9000 ba8462255f000feae0fae3ca235a7d5b16827030f28cdd84280e18121dfd6c72
        http://[2001:db8::1] 978d960765a320508956b0da0101b3f3ed6edcb87f5d74c4e848e48a78b7464d
        HTTP://Host.Example.NET:80 345b34f7545b423f737209ed4da1ff1699f83d03b24510f1d8165bb312ef7e2d
        https://host.example.net:443 345b34f7545b423f737209ed4da1ff1699f83d03b24510f1d8165bb312ef7e2d
        https://host.example.net:8443 6ca43492f6e5b170021ec3f272aa1c8cc2ccd142b85687f1bdaf6218f117a25e
        http://host.example.net:443 5377c38c8031fffe443536eefd4fc145b78c9fbd253d81c10294ab352d1790e8
        https://host.example.net. 4f61802b22492aa79b576c81664eb16918e3b6faf46d843dabef20c2e066de2d
        """.split(separator: "\n")
}
